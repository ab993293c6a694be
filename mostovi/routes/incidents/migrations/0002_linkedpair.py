# SPDX-License-Identifier: EUPL-1.2
"""Which incidents share something is kept, and worked out once for what is noted already."""

from itertools import combinations, groupby

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

WIDE = 8


def work_out(apps, schema_editor):
    """What was read on each view until now. `links.WIDE` as it was when this was written."""
    Identifier = apps.get_model("incidents", "Identifier")
    LinkDecision = apps.get_model("incidents", "LinkDecision")
    LinkedPair = apps.get_model("incidents", "LinkedPair")
    noted = Identifier.objects.order_by("kind", "token", "incident__code").values_list(
        "kind", "token", "incident__code", "incident_id"
    )
    shared = {}
    for (kind, _token), rows in groupby(noted.iterator(), lambda row: (row[0], bytes(row[1]))):
        having = [row[3] for _n, row in zip(range(WIDE), rows)]
        if len(having) < WIDE:
            for pair in combinations(having, 2):
                shared.setdefault(pair, []).append(kind)
    newest = {}
    for row in LinkDecision.objects.order_by("decided_at").defer("sealed").iterator():
        newest[row.one_id, row.other_id] = (row.ruling, set(row.kinds))
    now, made = timezone.now(), []
    for (one, other), kinds in shared.items():
        ruling, looked_at = newest.get((one, other), ("", set()))
        made.append(
            LinkedPair(
                one_id=one, other_id=other, kinds=sorted(set(kinds)), things=len(kinds),
                ruling=ruling, undecided=not set(kinds) <= looked_at, since=now,
            )
        )
    LinkedPair.objects.bulk_create(made, batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ("incidents", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkedPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kinds", models.JSONField(default=list)),
                ("things", models.PositiveSmallIntegerField()),
                ("ruling", models.CharField(blank=True, max_length=20)),
                ("undecided", models.BooleanField(default=True)),
                ("since", models.DateTimeField()),
                ("one", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident")),
                ("other", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident")),
            ],
            options={
                "verbose_name": "link between two incidents",
                "ordering": ["-undecided", "-since", "-pk"],
                "indexes": [models.Index(fields=["-undecided", "-since", "-id"], name="linked_pair_page")],
                "constraints": [models.UniqueConstraint(fields=("one", "other"), name="linked_pair_once")],
            },
        ),
        migrations.RunPython(work_out, migrations.RunPython.noop),
    ]
