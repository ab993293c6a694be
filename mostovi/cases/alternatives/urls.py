# SPDX-License-Identifier: EUPL-1.2
"""Addresses of alternatives to detention. What belongs to a file is addressed by its case."""

from django.urls import path

from mostovi.cases.alternatives import assessment_views, detention_views, place_views, views

app_name = "alternatives"
urlpatterns = [
    path("", views.file_list, name="list"),
    path("ladder/", views.ladder_page, name="ladder"),
    path("places/", place_views.place_list, name="places"),
    path("places/new/", place_views.place_new, name="place_new"),
    path("places/<slug:place>/", place_views.place_page, name="place"),
    path("<str:code>/", views.file_page, name="file"),
    path("<str:code>/open/", views.open_file, name="open"),
    path("<str:code>/screening/", assessment_views.screening_start, name="screening"),
    path("<str:code>/screening/<slug:group>/", assessment_views.screening, name="screening_group"),
    path("<str:code>/new/", assessment_views.assessment_start, name="new"),
    path("<str:code>/new/<slug:group>/", assessment_views.assessment, name="group"),
    path("<str:code>/review/", views.review, name="review"),
    path("<str:code>/happened/", views.happened, name="happened"),
    path("<str:code>/times/", views.keep_time, name="times"),
    path("<str:code>/arrive/", views.arrive, name="arrive"),
    path("<str:code>/again/", views.open_again, name="again"),
    path("<str:code>/detention/", detention_views.propose, name="detention"),
    path("<str:code>/detention/answer/", detention_views.answer, name="answer"),
    path("<str:code>/held/", detention_views.held, name="held"),
    path("<str:code>/held/review/", detention_views.review_held, name="held_review"),
    path("<str:code>/release/", detention_views.want_release, name="release"),
    path("<str:code>/free/", detention_views.free_again, name="free"),
]
