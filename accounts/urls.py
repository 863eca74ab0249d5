"""Addresses of the accounts pages."""

from django.urls import path

from accounts.views import joining, keys, members, passwords, profile, sessions, team

app_name = "accounts"

urlpatterns = [
    path("sign-in/", sessions.sign_in, name="sign-in"),
    path("sign-out/", sessions.sign_out, name="sign-out"),
    path("team/", sessions.switch_team, name="switch-team"),
    path("language/", sessions.switch_language, name="language"),
    path("theme/", sessions.switch_theme, name="theme"),
    path("password/", passwords.change_password, name="change-password"),
    path("reset/", passwords.request_reset, name="reset"),
    path("reset/sent/", passwords.reset_sent, name="reset-sent"),
    path("reset/<str:token>/<str:uid>/", passwords.confirm_reset, name="reset-confirm"),
    path("join/<str:token>/", joining.join, name="join"),
    path("", profile.profile, name="profile"),
    path("settings/", team.team_settings, name="settings"),
    path("settings/audit/", team.audit_trail, name="audit"),
    path("settings/members/", members.members, name="members"),
    path("settings/members/<int:pk>/", members.member, name="member"),
    path("settings/members/<int:pk>/remove/", members.member_remove, name="member-remove"),
    path("settings/invitations/<int:pk>/withdraw/", members.invitation_withdraw, name="invitation-withdraw"),
    path("settings/invitations/<int:pk>/resend/", members.invitation_resend, name="invitation-resend"),
    path("settings/keys/", keys.keys, name="keys"),
    path("settings/keys/<int:pk>/revoke/", keys.key_revoke, name="key-revoke"),
]
