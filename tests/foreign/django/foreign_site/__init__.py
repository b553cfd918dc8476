"""A site made of settings alone: Django with django-two-factor-auth, nothing in it changed."""
