# SPDX-License-Identifier: EUPL-1.2
"""Counts with another partner of the people whom both have counted."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    dependencies = [("statistics", "0003_exchange")]

    operations = [
        migrations.CreateModel(
            name="OverlapRound",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key_id", models.UUIDField(db_index=True)),
                ("sealed", models.BinaryField()),
                (
                    "side",
                    models.CharField(
                        choices=[("ours", "Proposed by us"), ("theirs", "Proposed by the partner")],
                        max_length=10,
                    ),
                ),
                ("partner", models.CharField(max_length=20)),
                ("peer", models.CharField(max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed, not yet answered"),
                            ("agreed", "Agreed, being counted"),
                            ("counted", "Counted"),
                            ("too_few", "Too few people for a number"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                            ("lost", "Not carried out"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("first", models.CharField(max_length=7)),
                ("last", models.CharField(max_length=7)),
                ("population", models.CharField(max_length=10)),
                ("thread", models.UUIDField()),
                ("proposed_at", models.DateTimeField()),
                ("proposed_by", models.UUIDField(blank=True, null=True)),
                ("expires_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.UUIDField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.UUIDField(blank=True, null=True)),
                ("words", models.TextField(blank=True, max_length=500)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("here", models.PositiveIntegerField(default=0)),
                ("there", models.PositiveIntegerField(default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("returned_at", models.DateTimeField(blank=True, null=True)),
                ("their_inbox", models.BigIntegerField(blank=True, null=True)),
                ("back_inbox", models.BigIntegerField(blank=True, null=True)),
                ("tidied", models.BooleanField(default=False)),
                ("value", models.PositiveIntegerField(blank=True, null=True)),
                ("low", models.PositiveIntegerField(blank=True, null=True)),
                ("high", models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "count with another partner",
                "ordering": ["-proposed_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("partner",),
                        name="overlap_one_under_way",
                    )
                ],
            },
        ),
    ]
