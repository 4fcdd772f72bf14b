"""How the schema came to be: one file a change in `versions/`, each after the one it names. None goes back."""
