/** Passwords of eight and more characters that head every published list, in lower case. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `12345678 123456789 1234567890 0123456789 0987654321 987654321 87654321 11223344 1122334455 12341234
  123123123 12121212 123321123 147258369 147852369 159753159 789456123 741852963 password password1
  password12 password123 password1234 password! passw0rd p@ssw0rd p@ssword p@ssw0rd1 pa$$word passwort
  password2 password3 passpass changeme changeme1 changeme123 letmein1 letmein123 welcome1 welcome12
  welcome123 welcome1234 qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 1qaz2wsx 1q2w3e4r
  1q2w3e4r5t q1w2e3r4 q1w2e3r4t5 qazwsxedc zaq12wsx zaq1zaq1 asdfghjk asdfghjkl asdf1234 asdfasdf zxcvbnm1
  zxcvbnm123 abcd1234 abcdefgh abcdefg1 abc12345 abc123456 a1234567 a12345678 aa123456 aa12345678
  iloveyou iloveyou1 iloveyou2 sunshine sunshine1 princess princess1 football football1 baseball baseball1
  superman superman1 batman123 trustno1 starwars starwars1 whatever whatever1 computer computer1 internet
  internet1 michelle jennifer jessica1 charlie1 michael1 jordan23 liverpool chelsea1 arsenal1 samsung1
  administrator admin123 admin1234 admin12345 administrator1 adminadmin rootroot root1234 toortoor test1234
  test12345 testtest tester123 user1234 useruser guest123 guest1234 default1 secret123 secret12 supersecret
  mypassword mypassword1 monkey123 dragon123 master123 shadow123 hello123 hello1234 helloworld google123
  december november october1 september summer2024 summer2025 summer2026 winter2024 winter2025 winter2026
  spring2026 autumn2026 company1 company123 ubuntu123 debian123 postgres postgres1 sandbox1 sandbox123`
    .trim()
    .split(/\s+/),
);
