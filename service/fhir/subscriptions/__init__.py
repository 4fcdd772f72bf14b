"""How Subscriptions are spelled: the resource, what a server offers, and the notifications that it sends.

R4 Subscriptions by search, and the R5 backport by topic; of a notification only who it is about is read.
"""
