"""Write the generated pages of docs/ anew: ``python -m tests.project.pages``."""

from __future__ import annotations

from tests.project.pages import written

for page, text in written():
    page.parent.mkdir(exist_ok=True)
    page.write_text(text, encoding="utf-8")
