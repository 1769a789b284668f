"""Questions asked of evidence, one file each, in six folders."""
