"""Addresses of the indicators pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from analytics.indicators import panel_views, placing_views, views, weight_views

app_name = "indicators"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.tree_list, name="list"),
    path("new/", views.tree_new, name="new"),
    path("<int:tree_id>/", views.tree, name="tree"),
    path("<int:tree_id>/rename/", views.tree_rename, name="rename"),
    path("<int:tree_id>/rules/", views.tree_rules, name="rules"),
    path("<int:tree_id>/equal/", weight_views.tree_equal, name="equal"),
    path("<int:tree_id>/questions/", views.tree_map, name="role-map"),
    path("weight-sets/<int:weight_set_id>/choose/", weight_views.weight_set_choose, name="weight-set-choose"),
    path("weight-sets/<int:weight_set_id>/undo/", placing_views.weight_set_undo, name="weight-set-undo"),
    path("nodes/<int:indicator_id>/", views.indicator, name="indicator"),
    path("nodes/<int:indicator_id>/add/", views.indicator_add, name="indicator-add"),
    path("nodes/<int:indicator_id>/remove/", views.indicator_remove, name="indicator-remove"),
    path("nodes/<int:indicator_id>/shift/", placing_views.indicator_shift, name="indicator-shift"),
    path("nodes/<int:indicator_id>/place/", placing_views.indicator_place, name="indicator-place"),
    path("nodes/<int:indicator_id>/move/", placing_views.indicator_move, name="indicator-move"),
    path("nodes/<int:indicator_id>/weights/", weight_views.indicator_weights, name="indicator-weights"),
    path("nodes/<int:indicator_id>/questions/", views.indicator_map, name="indicator-map"),
    path("weights/", weight_views.weights_home, name="weights-home"),
    path("<int:tree_id>/weights/", weight_views.weights, name="weights"),
    path("<int:tree_id>/weights/compare/", weight_views.weights_compare, name="weights-compare"),
    path("<int:tree_id>/weights/choose/", weight_views.weights_choose, name="weights-choose"),
    path("<int:tree_id>/panels/", panel_views.panel_open, name="panel-open"),
    path("panels/<int:panel_id>/", panel_views.panel, name="panel"),
    path("panels/<int:panel_id>/invite/", panel_views.panel_invite, name="panel-invite"),
    path("panels/<int:panel_id>/close/", panel_views.panel_close, name="panel-close"),
    path("panels/<int:panel_id>/weights/", panel_views.panel_weights, name="panel-weights"),
    path("experts/<int:expert_id>/again/", panel_views.expert_again, name="expert-again"),
    path("experts/<int:expert_id>/remove/", panel_views.expert_withdraw, name="expert-remove"),
    path("questions/<int:source_id>/remove/", views.source_remove, name="source-remove"),
]
