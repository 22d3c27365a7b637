"""What somebody would write instead for a day's work: Django REST framework as it is."""
