"""Files that other programs publish: whole feeds for web servers, posts for site generators."""
