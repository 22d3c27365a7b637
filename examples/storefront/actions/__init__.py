"""What can be done in a shop."""

from __future__ import annotations

from examples.storefront.actions.adding import (
    AddCustomer,
    AddPaymentMethod,
    AddProduct,
    AddVariant,
)
from examples.storefront.actions.delivered import ExchangeOrderItems, ReturnOrderItems
from examples.storefront.actions.orders import (
    CancelOrder,
    DeliverOrder,
    DispatchOrder,
    PlaceOrder,
    RefundOrder,
)
from examples.storefront.actions.pending import (
    CancelPendingOrder,
    ModifyOrderAddress,
    ModifyOrderItems,
    ModifyOrderPayment,
)
from examples.storefront.actions.returned import (
    ReceiveReturn,
    RefundReturn,
    SendReturnBack,
    WithdrawReturn,
)
from examples.storefront.actions.shop import ModifyCustomerAddress, SetShopPolicy

__all__ = [
    "AddCustomer",
    "AddPaymentMethod",
    "AddProduct",
    "AddVariant",
    "CancelOrder",
    "CancelPendingOrder",
    "DeliverOrder",
    "DispatchOrder",
    "ExchangeOrderItems",
    "ModifyCustomerAddress",
    "ModifyOrderAddress",
    "ModifyOrderItems",
    "ModifyOrderPayment",
    "PlaceOrder",
    "ReceiveReturn",
    "RefundOrder",
    "RefundReturn",
    "ReturnOrderItems",
    "SendReturnBack",
    "SetShopPolicy",
    "WithdrawReturn",
]
