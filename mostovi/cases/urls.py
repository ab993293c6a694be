# SPDX-License-Identifier: EUPL-1.2
"""Addresses of cases and referrals. What belongs to a case is addressed beneath it."""

from django.urls import path

from mostovi.cases import record_views, referral_views, supervision_views, views, work_views

app_name = "cases"
urlpatterns = [
    path("", views.case_list, name="list"),
    path("new/", views.new_case, name="new"),
    path("supervision/", supervision_views.supervision, name="supervision"),
    path("supervision/<str:account>/", supervision_views.worker, name="worker"),
    path("groups/", supervision_views.group_list, name="groups"),
    path("groups/new/", supervision_views.new_group, name="new_group"),
    path("groups/<str:session>/", supervision_views.group_page, name="group"),
    path("referrals/", referral_views.referral_list, name="referrals"),
    path("referrals/<str:code>/", referral_views.referral_page, name="referral"),
    path("referrals/<str:code>/case/", work_views.take_up, name="take_up"),
    path("referrals/<str:code>/send/", referral_views.send, name="send"),
    path("referrals/<str:code>/risk/", referral_views.risk, name="risk"),
    path("referrals/<str:code>/emergency/", referral_views.emergency, name="emergency"),
    path("referrals/<str:code>/review/", referral_views.review, name="review"),
    path("referrals/<str:code>/step/", referral_views.step, name="referral_step"),
    path("<str:code>/", views.case_page, name="case"),
    path("<str:code>/notes/", views.note, name="note"),
    path("<str:code>/step/", views.step, name="step"),
    path("<str:code>/take/", views.take, name="take"),
    path("<str:code>/risk/", work_views.risk, name="case_risk"),
    path("<str:code>/tasks/", work_views.task_list, name="tasks"),
    path("<str:code>/tasks/new/", work_views.new_task, name="new_task"),
    path("<str:code>/tasks/<str:task>/end/", work_views.end_task, name="end_task"),
    path("<str:code>/plan/", work_views.plan_page, name="plan"),
    path("<str:code>/plan/paper/", work_views.plan_sheet, name="plan_sheet"),
    path("<str:code>/plan/<str:what>/", work_views.change_plan, name="change_plan"),
    path("<str:code>/records/", record_views.record_list, name="records"),
    path("<str:code>/records/<str:kind>/new/", record_views.new_record, name="new_record"),
    path("<str:code>/records/<str:kind>/<str:record>/", record_views.record_page, name="record"),
    path(
        "<str:code>/records/<str:kind>/<str:record>/write/",
        record_views.write_record,
        name="write_record",
    ),
    path(
        "<str:code>/records/<str:kind>/<str:record>/decide/",
        record_views.decide_record,
        name="decide_record",
    ),
    path("<str:code>/refer/", referral_views.new_referral, name="refer"),
]
