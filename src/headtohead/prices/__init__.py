"""What a call costs: the price in force at an instant, and its history."""
