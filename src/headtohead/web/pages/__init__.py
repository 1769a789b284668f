"""The kinds of pages, a module each; `headtohead.web.kinds` says what is in one."""
