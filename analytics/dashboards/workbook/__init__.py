"""The results as an Excel workbook: asked for, sorted into sheets, written."""
