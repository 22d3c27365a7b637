import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0006_engine'),
        ('tenants', '0002_restores_and_log_ins'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='invoice',
            name='period_billed_once',
        ),
        migrations.RemoveConstraint(
            model_name='invoice',
            name='paid_between_nothing_and_total',
        ),
        migrations.AddField(
            model_name='invoice',
            name='credited',
            field=models.BigIntegerField(default=0, help_text='minor units of all credit notes'),
        ),
        migrations.AddField(
            model_name='invoice',
            name='included',
            field=models.BigIntegerField(default=0, help_text='minor units of tax that is in the prices'),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='discounts',
            field=models.JSONField(default=list, help_text='what was taken off, and why'),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='kind',
            field=models.CharField(choices=[('start', 'first period'), ('renewal', 'next period'), ('change', 'change of plan'), ('one_off', 'single charge')], max_length=10),
        ),
        migrations.AlterField(
            model_name='invoice',
            name='noted',
            field=models.BigIntegerField(default=0, help_text='minor units that credit notes took off what was open'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('subtotal'), '-', models.F('discount')), '+', models.F('tax')), '-', models.F('included')))), name='total_is_the_sum'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('noted__gte', 0), ('paid__gte', 0), ('total__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('paid'), '+', models.F('applied')), '+', models.F('noted'))), models.Q(('applied__gte', 0), ('applied', models.F('total')), _connector='OR')), name='paid_between_nothing_and_total'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('credited__gte', models.F('noted')), models.Q(('credited', 0), ('credited__lte', models.F('total')), _connector='OR')), name='credited_at_most_the_total'),
        ),
    ]
