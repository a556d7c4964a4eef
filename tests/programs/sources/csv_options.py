"""CSV on a stream: separator, header, quotes, escapes, null texts, date and time patterns."""
import scene

spark = scene.session()
SCHEMA = "id INT, name STRING, price DOUBLE, day DATE, at TIMESTAMP"
scene.put("semicolon/1.csv", 'id;name;price;day;at\n1;"a;b";1.5;2024-02-29;2024-02-29 10:11:12\n2;  two ;;NA;\n')
scene.put("semicolon/2.csv", 'id;name;price;day;at\n3;"say ""hi""";-0.25;2023-12-31;2023-12-31T23:59:59.5\n\n4;;1e3;2024-01-01;\n')
reader = spark.readStream.option("sep", ";").option("header", True).option("nullValue", "NA").schema(SCHEMA)
stream = reader.csv(scene.path("semicolon"))
stream.printSchema()
print(stream.isStreaming)
query = scene.now(stream.writeStream.format("memory").queryName("semicolon"))
scene.rows("semicolon", spark.table("semicolon"))

scene.put("trim/1.csv", "# a comment\n 1 , x ,2.0,01/03/2024,2024/03/01 05.06\n 2,-,3.25,31/12/1999,1999/12/31 00.00\n")
trimmed = (spark.readStream.format("csv").schema(SCHEMA).option("comment", "#")
           .option("ignoreLeadingWhiteSpace", "true").option("ignoreTrailingWhiteSpace", "true")
           .option("nullValue", "-").option("dateFormat", "dd/MM/yyyy").option("timestampFormat", "yyyy/MM/dd HH.mm")
           .load(scene.path("trim")))
scene.now(trimmed.writeStream.format("memory").queryName("trim"))
scene.rows("trim", spark.table("trim"))

scene.put("escape/1.csv", "'it\\'s'|\"plain\"|4\n'two\nlines'|x|5\n")
escaped = (spark.readStream.schema("a STRING, b STRING, n INT").option("sep", "|").option("quote", "'")
           .option("multiLine", True).csv(scene.path("escape")))
scene.now(escaped.writeStream.format("memory").queryName("escape"))
scene.rows("escape", spark.table("escape"))
