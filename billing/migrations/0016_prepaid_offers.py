from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0015_refused_changes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='invoice',
            name='kind',
            field=models.CharField(choices=[('start', 'first period'), ('renewal', 'next period'), ('change', 'change of plan'), ('one_off', 'single charge'), ('prepaid', 'credit bought ahead')], max_length=10),
        ),
    ]
