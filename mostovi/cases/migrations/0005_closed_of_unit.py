from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_case_risk_casenote_topic_caserecord_and_more"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)),
                fields=["purpose", "unit", "-changed_at"],
                name="case_closed_of_unit",
            ),
        ),
    ]
