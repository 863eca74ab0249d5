"""API addresses of the indicators."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from analytics.indicators import api, weights_api

urlpatterns: list[URLPattern | URLResolver] = [
    path("indicators/", api.TreeListView.as_view(), name="indicators"),
    path("indicators/<int:tree_id>/", api.TreeView.as_view(), name="indicator-tree"),
    path("indicators/<int:tree_id>/weight-sets/", api.WeightSetListView.as_view(), name="weight-sets"),
    path("indicators/<int:tree_id>/weight-comparison/", weights_api.ComparisonView.as_view(), name="weight-comparison"),
    path("indicators/<int:tree_id>/panels/", weights_api.PanelListView.as_view(), name="panels"),
    path("weight-sets/<int:weight_set_id>/", weights_api.WeightSetView.as_view(), name="weight-set"),
    path("weight-sets/<int:weight_set_id>/choose/", weights_api.WeightSetChooseView.as_view(), name="weight-set-choose"),
    path("panels/<int:panel_id>/", weights_api.PanelView.as_view(), name="panel"),
]
