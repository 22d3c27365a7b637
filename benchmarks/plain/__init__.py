"""What somebody would write instead in a day: Django REST framework as it is."""
