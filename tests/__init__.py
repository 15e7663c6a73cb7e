"""The tests; every directory here is a package, so that two files may bear the same name."""
