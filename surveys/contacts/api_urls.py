"""Addresses of the contacts API routes, below /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from surveys.contacts import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("contacts/", api.ContactList.as_view(), name="contacts"),
    path("contacts/<int:contact_id>/", api.ContactDetail.as_view(), name="contact"),
]
