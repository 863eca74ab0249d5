"""How fast the product is, measured beside its own yardsticks: `python3 manage.py bench`."""
