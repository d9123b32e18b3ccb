"""From stored rows to figures, tables and numbers; never solves."""
