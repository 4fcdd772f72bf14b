"""Where requests of ours may go, and with what."""
