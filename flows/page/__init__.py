"""The report as a page: its HTML, publishing it, the places where pages are kept."""
