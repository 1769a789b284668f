"""One file per kind of scorer: SCORER and prepare(argument) -> a scorer ready to be used."""
