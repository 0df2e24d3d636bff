"""How the keys of rows are written in addresses, as regular expressions."""

PATTERNS = {
    "row_id": r"[1-9][0-9]{0,17}",
    "region_code": r"[0-9]{6}(?:[0-9]{3}(?:[0-9]{3})?)?",
    "programme_code": r"[-a-zA-Z0-9_]{1,30}",
    "project_code": r"[A-Z]{2}[0-9]{14}",
    "month": r"[0-9]{4}-(?:0[1-9]|1[0-2])",
}
