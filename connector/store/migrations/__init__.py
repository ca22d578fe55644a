"""Hold the migrations, one file a step; written once, never changed."""
