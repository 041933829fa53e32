"""The report as a page: `page.py` fills the templates, which hold everything that a browser sees."""
