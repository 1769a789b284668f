"""What users tried themselves, shown: a sheet for each verb, and one file for each way to print."""
