"""What feeds show: whom they select, their windows, their archives, their versions."""
