"""Programs that people read feeds with, put to what we publish: `make clients`."""
