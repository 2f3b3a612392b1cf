"""The first talk with the house: meeting, booking, moving, cancelling."""


def test_a_new_patient_registers_and_books_tomorrow_at_three_by_words(talk):
    talk("""
        Ada: hi
        Bot: Welcome to GrandPro Hospitals...
             [English] [Pidgin]
        Ada: English
        Bot: To book visits for you we keep...Do you agree?
             [Yes] [No]
        Ada: yes
        Bot: What is the patient's full name?
        Ada: ada obi
        Bot: What is the date of birth?...
        Ada: 25/11/1990
        Bot: Which state do you live in?
        Ada: lagos
        Bot: Which hospital is nearest to you?
             [GrandPro Ikeja]...
        Ada: ikeja
        Bot: Thank you, Ada. You are registered.

             What would you like to do?
             [Book a visit] [My appointments] [Talk to a person] [Change language]
        Ada: i want to see a doctor tomorrow 3pm
        Bot: GrandPro Ikeja. What do you need?...
        Ada: general consultation
        Bot: General consultation. Who would you like to see?
             [Any doctor]...
        Ada: any
        Bot: Ada: General consultation, GrandPro Ikeja, tomorrow, Mon 23 Nov, 3pm. Shall I book it?
             [Yes] [Another time] [No]
        Ada: yes
        Bot: Booked: Ada, tomorrow, Mon 23 Nov, 3pm, GrandPro Ikeja. Your reference is IKJ-...
    """)
