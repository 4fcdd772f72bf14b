"""The subscription edge: notifications are hints that are durably enqueued, and workers assess whom they are about.

notification -> known sender -> hints -> queue -> worker -> assessment from the configured server -> written back
A watch repairs what did not arrive: gaps, overdue heartbeats, servers in error. `Subscriptions` of `running` holds all
of it in a served process; `Registrar` of `registering` is what the command line calls.
"""
