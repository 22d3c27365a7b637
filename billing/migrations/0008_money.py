import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import paybill_site.kernel.ids
from django.db import migrations, models


# Bookings are written whole: each is zero in its currency, checked once a statement.
GUARDS = """
CREATE FUNCTION billing_refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM added GROUP BY booking, currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'a booking that is not zero' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER ledger_balances AFTER INSERT ON billing_ledgerentry
REFERENCING NEW TABLE AS added FOR EACH STATEMENT
EXECUTE FUNCTION billing_refuse_unbalanced();

CREATE TRIGGER coupon_is_final BEFORE UPDATE ON billing_coupon FOR EACH ROW
WHEN ((to_jsonb(OLD) - ARRAY['state', 'redeemed'])
  IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'redeemed']))
EXECUTE FUNCTION billing_refuse_change();
"""

NO_GUARDS = """
DROP TRIGGER coupon_is_final ON billing_coupon;
DROP TRIGGER ledger_balances ON billing_ledgerentry;
DROP FUNCTION billing_refuse_unbalanced();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0007_invoices'),
    ]

    operations = [
        migrations.CreateModel(
            name='BooksCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('bks')),
                ('at', models.DateTimeField()),
                ('invoices', models.PositiveBigIntegerField(help_text='that were compared')),
                ('entries', models.PositiveBigIntegerField(help_text='of the ledger, compared')),
                ('differences', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('check_books', 'Can check that the books agree')],
            },
        ),
        migrations.AddField(
            model_name='customer',
            name='e_invoice',
            field=models.BooleanField(default=False, help_text="Factur-X: the invoice's data inside its PDF"),
        ),
        migrations.AddField(
            model_name='customer',
            name='region',
            field=models.CharField(blank=True, help_text='ISO 3166-2, where taxes differ by it', max_length=10),
        ),
        migrations.AddField(
            model_name='price',
            name='tax_class',
            field=models.CharField(default='standard', max_length=20),
        ),
        migrations.AddField(
            model_name='price',
            name='tax_included',
            field=models.BooleanField(default=False, help_text='the price contains the tax'),
        ),
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('cpn')),
                ('name', models.CharField(help_text='as it stands on the invoice', max_length=60)),
                ('percent', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True)),
                ('amount', models.BigIntegerField(blank=True, help_text='minor units', null=True)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('duration', models.CharField(choices=[('once', 'once'), ('repeating', 'repeating'), ('forever', 'forever')], max_length=10)),
                ('times', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('plans', models.JSONField(blank=True, default=list)),
                ('minimum', models.BigIntegerField(default=0, help_text='minor units')),
                ('first_time', models.BooleanField(default=False, help_text='for customers who never paid before')),
                ('redeem_by', models.DateTimeField(blank=True, null=True)),
                ('max_redemptions', models.PositiveIntegerField(blank=True, null=True)),
                ('redeemed', models.PositiveIntegerField(default=0, editable=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('state', models.CharField(choices=[('active', 'Active'), ('retired', 'Retired')], default='active', max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('retire_coupon', 'Can end a coupon for new customers')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount', None), ('percent__gt', 0), ('percent__lte', 100)), models.Q(('amount__gt', 0), ('percent', None), models.Q(('currency', ''), _negated=True)), _connector='OR'), name='coupon_is_percent_or_amount'), models.CheckConstraint(condition=models.Q(models.Q(('duration', 'repeating'), ('times__gte', 1)), models.Q(models.Q(('duration', 'repeating'), _negated=True), ('times', None)), _connector='OR'), name='repeating_coupon_says_how_often'), models.CheckConstraint(condition=models.Q(('max_redemptions', None), ('redeemed__lte', models.F('max_redemptions')), _connector='OR'), name='coupon_redeemed_at_most')],
            },
        ),
        migrations.CreateModel(
            name='CreditGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('grt')),
                ('kind', models.CharField(choices=[('prepaid', 'credit bought ahead'), ('promotion', 'given away'), ('adjustment', 'adjusted by an operator'), ('overpaid', 'paid too much'), ('note', 'credit note'), ('invoice', 'invoice below zero')], max_length=12)),
                ('amount', models.BigIntegerField(help_text='minor units')),
                ('left', models.BigIntegerField(help_text='minor units')),
                ('currency', models.CharField(max_length=3)),
                ('priority', models.PositiveSmallIntegerField(default=50)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='billing.customer')),
                ('invoice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='billing.invoice')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('adjust_balance', "Can adjust a customer's balance")],
            },
        ),
        migrations.CreateModel(
            name='BalanceEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('bal')),
                ('kind', models.CharField(choices=[('granted', 'Granted'), ('applied', 'used for an invoice'), ('returned', 'given back by an invoice that was taken back'), ('expired', 'Expired'), ('refunded', 'paid back'), ('adjusted', 'taken back by an operator')], max_length=10)),
                ('amount', models.BigIntegerField(help_text='minor units')),
                ('currency', models.CharField(max_length=3)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='balance_entries', to='billing.customer')),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='balance_entries', to='billing.invoice')),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='billing.creditgrant')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CreditNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('crn')),
                ('series', models.CharField(max_length=20)),
                ('sequence', models.PositiveBigIntegerField()),
                ('reason', models.CharField(choices=[('unused', 'not used'), ('mistake', 'billed by mistake'), ('duplicate', 'billed twice'), ('unsatisfactory', 'not as promised'), ('other', 'Other')], max_length=20)),
                ('memo', models.CharField(blank=True, max_length=200)),
                ('currency', models.CharField(max_length=3)),
                ('subtotal', models.BigIntegerField(help_text='minor units, before tax')),
                ('tax', models.BigIntegerField(help_text='minor units')),
                ('total', models.BigIntegerField(help_text='minor units')),
                ('noted', models.BigIntegerField(help_text='minor units off what was open')),
                ('to_balance', models.BigIntegerField(help_text='minor units to the balance')),
                ('refunded', models.BigIntegerField(help_text='minor units to be paid back')),
                ('issued_at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to='billing.customer')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to='billing.invoice')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CreditNoteLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('net', models.BigIntegerField(help_text='minor units, before tax')),
                ('tax', models.BigIntegerField(help_text='minor units')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.invoiceline')),
                ('note', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='billing.creditnote')),
            ],
            options={
                'ordering': ['note', 'position'],
            },
        ),
        migrations.CreateModel(
            name='PromotionCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('pro')),
                ('code', models.CharField(help_text='in capitals', max_length=40, unique=True)),
                ('redeem_by', models.DateTimeField(blank=True, null=True)),
                ('max_redemptions', models.PositiveIntegerField(blank=True, null=True)),
                ('redeemed', models.PositiveIntegerField(default=0, editable=False)),
                ('state', models.CharField(choices=[('active', 'Active'), ('retired', 'Retired')], default='active', max_length=10)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='billing.coupon')),
                ('customer', models.ForeignKey(blank=True, help_text='for this one only', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.customer')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('retire_promotioncode', 'Can end a code')],
            },
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('rdm')),
                ('state', models.CharField(choices=[('active', 'Active'), ('used', 'Used'), ('ended', 'Ended')], default='active', max_length=10)),
                ('used', models.PositiveIntegerField(default=0)),
                ('left', models.BigIntegerField(default=0, help_text='minor units')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('code', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='billing.promotioncode')),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='billing.coupon')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='billing.customer')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('redeem_coupon', 'Can redeem a promotion code'), ('end_redemption', 'Can take a coupon away from a customer')],
            },
        ),
        migrations.CreateModel(
            name='CouponUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField(help_text='minor units')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coupon_uses', to='billing.invoice')),
                ('redemption', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='billing.redemption')),
            ],
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('rfd')),
                ('amount', models.BigIntegerField(help_text='minor units')),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('succeeded', 'Succeeded'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('reference', models.CharField(blank=True, help_text="the gateway's or the bank's name for it", max_length=80)),
                ('failure', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('settled_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('look_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('looks', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='billing.customer')),
                ('note', models.ForeignKey(blank=True, help_text='empty: it came from the balance', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='billing.creditnote')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='billing.payment')),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('settle_refund', 'Can record how a refund went'), ('retry_refund', 'Can try a refund again')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('led')),
                ('booking', models.CharField(help_text='what belongs together', max_length=40)),
                ('posting', models.CharField(choices=[('issued', 'invoice finalised'), ('voided', 'invoice taken back'), ('given_up', 'invoice given up'), ('paid', 'payment'), ('noted', 'credit note'), ('applied', 'balance used'), ('returned', 'balance given back'), ('granted', 'credit granted'), ('expired', 'credit expired'), ('refund', 'refund')], max_length=20)),
                ('account', models.CharField(choices=[('receivable', 'owed by customers'), ('cash', 'Cash'), ('revenue', 'revenue, by the period it is earned in'), ('tax', 'tax that is owed on'), ('prepayments', 'prepaid credit that was invoiced'), ('credit', "customers' credit balance"), ('promotions', 'credit that was given away'), ('refunds', 'refunds on their way'), ('bad_debt', 'given up')], max_length=20)),
                ('amount', models.BigIntegerField(help_text='minor units; credits below zero')),
                ('currency', models.CharField(max_length=3)),
                ('at', models.DateTimeField()),
                ('period_start', models.DateTimeField(null=True)),
                ('period_end', models.DateTimeField(null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='billing.customer')),
                ('invoice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='billing.invoice')),
                ('line', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='billing.invoiceline')),
                ('note', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='billing.creditnote')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='billing.payment')),
                ('refund', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='billing.refund')),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='TaxRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', paybill_site.kernel.ids.PublicId('txr')),
                ('country', models.CharField(help_text='ISO 3166', max_length=2)),
                ('region', models.CharField(blank=True, help_text='ISO 3166-2; empty: the whole country', max_length=10)),
                ('tax_class', models.CharField(default='standard', max_length=20)),
                ('payer', models.CharField(choices=[('any', 'Any'), ('business', 'Business'), ('consumer', 'Consumer')], default='any', max_length=10)),
                ('name', models.CharField(help_text='as it stands on the invoice', max_length=30)),
                ('percent', models.DecimalField(decimal_places=4, max_digits=7)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField(blank=True, help_text='the first day on which it does not hold', null=True)),
                ('source', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['country', 'region', 'tax_class', '-valid_from'],
                'constraints': [models.UniqueConstraint(fields=('country', 'region', 'tax_class', 'payer', 'name', 'valid_from'), name='tax_rate_once'), models.CheckConstraint(condition=models.Q(('percent__gte', 0), ('percent__lte', 100)), name='tax_rate_is_a_percentage')],
            },
        ),
        migrations.AddIndex(
            model_name='creditgrant',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('left__gt', 0)), fields=['expires_at'], name='grant_expires'),
        ),
        migrations.AddIndex(
            model_name='creditgrant',
            index=models.Index(condition=models.Q(('left__gt', 0)), fields=['customer', 'priority'], name='grant_left'),
        ),
        migrations.AddConstraint(
            model_name='creditgrant',
            constraint=models.CheckConstraint(condition=models.Q(('left__gte', 0), ('left__lte', models.F('amount'))), name='grant_left_of_its_amount'),
        ),
        migrations.AddConstraint(
            model_name='balanceentry',
            constraint=models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='balance_entry_moves'),
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.UniqueConstraint(fields=('series', 'sequence'), name='credit_note_number_once'),
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.CheckConstraint(condition=models.Q(('total', django.db.models.expressions.CombinedExpression(models.F('subtotal'), '+', models.F('tax'))), ('total', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('noted'), '+', models.F('to_balance')), '+', models.F('refunded'))), ('noted__gte', 0), ('refunded__gte', 0), ('to_balance__gte', 0), ('total__gt', 0)), name='credit_note_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='creditnoteline',
            constraint=models.UniqueConstraint(fields=('note', 'line'), name='line_noted_once'),
        ),
        migrations.AddConstraint(
            model_name='promotioncode',
            constraint=models.CheckConstraint(condition=models.Q(('max_redemptions', None), ('redeemed__lte', models.F('max_redemptions')), _connector='OR'), name='code_redeemed_at_most'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('customer', 'coupon'), name='coupon_once_per_customer'),
        ),
        migrations.AddConstraint(
            model_name='couponuse',
            constraint=models.UniqueConstraint(fields=('redemption', 'invoice'), name='coupon_used_once_per_invoice'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_is_positive'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['booking'], name='ledger_booking'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['account', 'at'], name='ledger_account'),
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
