"""Tests that may be looked at after every item: verdict, interval and what is still needed."""
