from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alternatives", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="held",
            name="against_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
