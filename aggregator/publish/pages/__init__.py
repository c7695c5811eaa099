"""The pages that people look at: rivers of stories, a story in full, the list of feeds.

Each is a function of what the store told and of how its reader wants to see it: no clock, no
request, the same bytes for the same values.
"""
