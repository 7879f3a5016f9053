"""Opening hours by weekday and holiday: reading the office's text, and asking at a moment."""
