import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0010_usage_partitions'),
    ]

    operations = [
        migrations.DeleteModel(name='RevenuePart'),
        migrations.CreateModel(
            name='RevenuePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('currency', models.CharField(max_length=3)),
                ('amount', models.BigIntegerField(help_text='minor units, without tax')),
                ('booked_at', models.DateTimeField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.ledgerentry')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['month'], name='revenue_part_month')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'month'), name='recognised_once_a_month')],
            },
        ),
    ]
