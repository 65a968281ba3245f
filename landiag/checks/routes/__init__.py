"""Do clients' packets come in by their route, and do answers get back?"""
