from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0012_dunning'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='creditgrant',
            options={'ordering': ['-id'], 'permissions': [('adjust_balance', "Can adjust a customer's balance"), ('expire_credit', 'Can take back credit that was not used in time'), ('buy_credit', 'Can buy credit ahead')]},
        ),
        migrations.AddField(
            model_name='invoice',
            name='parties',
            field=models.JSONField(default=dict, help_text='seller, buyer and language as they were then'),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='tax_class',
            field=models.CharField(default='standard', max_length=20),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='tax_included',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='invoiceline',
            name='kind',
            field=models.CharField(choices=[('fee', 'Fee'), ('seat', 'Seat'), ('usage', 'Usage'), ('commitment', 'Commitment'), ('credit', 'Credit'), ('discount', 'Discount'), ('prepaid', 'credit bought ahead'), ('other', 'Other')], default='fee', max_length=12),
        ),
    ]
