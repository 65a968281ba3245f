"""``check --fix``, ``--wait`` and ``undo``: questions, changes and checks that are made again."""
