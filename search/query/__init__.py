"""What people type -> what is asked."""
