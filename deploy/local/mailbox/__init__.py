"""A local mailbox: takes every mail over SMTP, keeps each as a file, and shows them on a page."""
