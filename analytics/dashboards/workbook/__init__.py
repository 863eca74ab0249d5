"""The results as an Excel workbook."""
